"""What the programs do, in terms of ports: no hardware, no network library."""
