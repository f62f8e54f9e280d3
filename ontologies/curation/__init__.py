"""What a curator does with a release before everybody uses it: staged, validated, compared."""
