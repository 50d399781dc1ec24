"""Pumps at the edge: a publisher into Kafka, a simulated fleet, and real infusion logs played as live traffic."""
