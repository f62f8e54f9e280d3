"""What a case was matched with, each as a card: cases of this node and patients of peers."""
