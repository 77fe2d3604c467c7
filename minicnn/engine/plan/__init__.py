"""What a plan is: steps over numbered values, and the batch or block that goes through them."""
