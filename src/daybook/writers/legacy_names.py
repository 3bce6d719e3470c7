"""The names that keys and sections go by in older headers, in the languages that their authors write."""
from __future__ import annotations

# folded; an earlier row beats a later one
CREATED = (
    ('created', 'created at', 'created on', 'created date', 'date created', 'creation date', 'erstellt', 'erstellt am',
     'criado', 'criado em', 'data de criação', 'creado', 'creado el', 'fecha de creación', 'créé le', 'date de création', 'creato il',
     'data di creazione', 'aangemaakt', 'aangemaakt op', 'создано', 'дата создания', 'створено', 'дата створення', 'oluşturulma tarihi',
     'ngày tạo', 'dibuat', '작성일', '작성일자', '생성일', '作成日', '作成日時', '创建日期', '创建时间', '建立日期', '創建日期', '製作日期'),
    ('date', 'session date', 'date started', '날짜', '일자', '日期', '日付', '日時', 'datum', 'dato', 'fecha', 'data', 'data da sessão',
     'fecha de la sesión', 'дата', 'дата сессии', 'дата начала', 'tarih', 'ngày', 'tanggal'),
)
PERSON = (
    ('operator', 'owner', 'author', 'authors', 'written by', 'created by', 'prepared by', 'by', '작성자', '作者', '作成者', '撰写人',
     'autor', 'autora', 'autores', 'auteur', 'auteurs', 'autore', 'autori', 'verfasser', 'erstellt von', 'criado por', 'creado por',
     'автор', 'авторы', 'yazar', 'tác giả', 'penulis'),
)
TITLE = (('title', '제목', '標題', '标题', 'タイトル', 'título', 'titre', 'titel', 'titolo', 'название', 'заголовок'),)
SUMMARY = (('summary', 'tl;dr', 'tldr', 'abstract', '요약', '한 줄 요약', '摘要', '概要', '总结', 'resumo', 'resumen', 'résumé', 'riassunto',
            'zusammenfassung', 'samenvatting', 'резюме', 'краткое содержание', 'özet', 'tóm tắt', 'ringkasan'),)
SUMMARY_SECTIONS = frozenset((
    *SUMMARY[0], 'executive summary', 'session summary', 'resumo executivo', 'resumo da sessão', 'resumen ejecutivo',
    'resumen de la sesión', 'résumé de la session', 'резюме сессии', 'краткое содержание сессии', '会话总结', '会话摘要'))
