-- The newest response of each participant to a survey, in the order of the participants. As in migrations/sqlite.
CREATE INDEX responses_by_form_participant ON responses (study_id, form_id, participant_id, id);
