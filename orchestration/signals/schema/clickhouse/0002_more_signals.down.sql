DROP TABLE IF EXISTS signals.form_abandonments;
DROP TABLE IF EXISTS signals.slow_pages;
DROP TABLE IF EXISTS signals.u_turns;
DROP TABLE IF EXISTS signals.thrashed_cursors;
