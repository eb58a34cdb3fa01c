REVOKE CREATE ON SCHEMA landing FROM hxi_publisher;
