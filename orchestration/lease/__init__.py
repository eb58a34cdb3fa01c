"""The one writer's hold on the warehouse, and what assets are given while it lasts."""
