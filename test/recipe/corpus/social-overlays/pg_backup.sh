#!/bin/bash
pg_dump -U postgres social > /var/lib/postgresql/data/backup.sql
