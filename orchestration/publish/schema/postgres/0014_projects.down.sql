DROP VIEW hxi.projects;
