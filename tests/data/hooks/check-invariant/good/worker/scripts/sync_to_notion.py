URL = "https://api.notion.com/v1"
