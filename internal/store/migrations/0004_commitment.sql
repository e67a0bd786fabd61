-- What a destination has taken and is to say that it keeps (storage
-- commitment). sent is JSON; '' where nothing waits for a report.
ALTER TABLE delivery ADD COLUMN sent TEXT NOT NULL DEFAULT '';
ALTER TABLE delivery ADD COLUMN transaction_uid TEXT NOT NULL DEFAULT '';
CREATE INDEX delivery_transaction ON delivery (transaction_uid) WHERE transaction_uid <> '';

-- Sum of the patient and study attributes that its objects bear; '' where it is
-- not known.
ALTER TABLE delivery ADD COLUMN subject TEXT NOT NULL DEFAULT '';
