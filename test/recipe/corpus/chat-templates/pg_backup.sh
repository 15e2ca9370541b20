#!/bin/bash
pg_dump -U synapse synapse > /var/lib/postgresql/data/backup.sql
