"""The warehouse: its migrations and views, its writer and its reader. The only room with SQL."""
