"""The AI queue: sessions and issues that are worth explaining, and who explains them."""
