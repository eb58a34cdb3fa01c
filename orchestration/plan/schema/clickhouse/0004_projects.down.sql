DROP TABLE IF EXISTS gosight.projects;
