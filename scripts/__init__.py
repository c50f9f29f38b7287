"""Set-up, demo music, benchmarks and generated documents: what runs beside the appliance."""
