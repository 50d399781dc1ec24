"""What is given back to a hospital: reports, benchmarks and training needs, from the rollups alone."""
