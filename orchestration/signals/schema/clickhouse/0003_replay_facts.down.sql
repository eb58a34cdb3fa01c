DROP TABLE IF EXISTS signals.replay_facts;
