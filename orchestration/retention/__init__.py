"""What leaves the warehouse and when: whole sessions, recorded before anything is deleted."""
