"""BI as code: datasets, charts and dashboards, made of the marts' contracts and the exposures."""
