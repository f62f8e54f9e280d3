"""What clinicians type, word by word, and the names that contain those words."""
