DROP VIEW hxi.alerts;
