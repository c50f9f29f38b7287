"""The affect of music: trained on descriptors of clips that people tagged with mood words."""
