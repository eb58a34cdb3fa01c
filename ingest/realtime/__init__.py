"""What is going on just now, in Redis: spec 003 §5. Written after an answer is durable."""
