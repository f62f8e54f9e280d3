"""What came back from a peer, read as what a stranger wrote: checked, compared, told from ours."""
