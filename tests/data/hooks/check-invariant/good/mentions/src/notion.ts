import { Client } from '@notionhq/client'
