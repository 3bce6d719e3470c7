curl https://api.notion.com/v1/pages
