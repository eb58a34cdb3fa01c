DROP TABLE ops.report_messages;
