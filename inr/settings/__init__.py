"""What is asked for: shapes, configurations, wishes, methods. Nothing here imports torch."""
