-- The roles that a person holds right now: their own and, while break-glass is open for them, three more. By the clock, so that
-- nothing has to happen for them to end.
CREATE FUNCTION held_roles(person people) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN EXISTS (
           SELECT 1 FROM break_glass g WHERE person.id IN (g.first_id, g.second_id)
              AND g.opened_at IS NOT NULL AND g.ended_at IS NULL AND g.expires_at > clock_timestamp())
         THEN ARRAY(SELECT DISTINCT role FROM unnest(person.roles || ARRAY['responder', 'approver', 'security']) AS role ORDER BY role)
         ELSE person.roles END
$$;
CREATE INDEX break_glass_open ON break_glass (expires_at) WHERE opened_at IS NOT NULL AND ended_at IS NULL;
