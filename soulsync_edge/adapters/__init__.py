"""One file per technology: the only code that imports a hardware or network library."""
