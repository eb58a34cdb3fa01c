"""What a project does not want kept, taken out before anything is stored (spec 003 §4.2)."""
