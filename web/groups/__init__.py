"""Groups of alike cases: what each site sees of them, made beside the requests and kept."""
