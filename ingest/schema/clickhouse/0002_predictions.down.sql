DROP TABLE IF EXISTS raw.predictions;
