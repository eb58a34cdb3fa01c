DROP FUNCTION landing.restore_keys();
DROP FUNCTION landing.remove_keys(REGCLASS []);
DROP TABLE access.removed_keys;
