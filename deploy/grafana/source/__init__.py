"""The Grafana dashboards as code: `python -m deploy.grafana.source` writes them to `deploy/grafana/dashboards`."""
