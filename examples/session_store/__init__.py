"""Two processes of a website that share their visitors' sessions."""
