"""Pure rules of the appliance: standard library only, no clock, no threads, no I/O."""
