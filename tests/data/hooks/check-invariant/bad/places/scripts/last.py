from notion_client import Client
