"""What runs Takedown outside a Lambda function."""
