"""Items to components: by SKU and by category code."""
