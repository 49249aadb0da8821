"""What several test modules need: pictures, configurations, commands, batches in processes, damage, golden JSON."""
