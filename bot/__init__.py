"""Kavi: a chatbot for the families of imprisoned people and the professionals around them."""
