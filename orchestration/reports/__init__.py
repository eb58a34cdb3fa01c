"""Reports of whole weeks, mailed to whom a project names; made by the pages, which stand alone."""
