DROP TABLE IF EXISTS signals.set_aside;
