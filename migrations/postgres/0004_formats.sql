-- What a payload format leaves open (JSON), whether a save waits for the answer, and who made the webhook.
ALTER TABLE webhooks ADD COLUMN format_options TEXT NOT NULL DEFAULT '{}';
ALTER TABLE webhooks ADD COLUMN synchronous BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE webhooks ADD COLUMN created_by TEXT;
-- Which webhooks an event concerned and did not go to, and why (JSON); NULL where there are none.
ALTER TABLE events ADD COLUMN skipped TEXT;
