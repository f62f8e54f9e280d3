"""Commands of the curator: releases brought here, looked at, prepared, activated, taken back."""
