create function logic.slug(words text) returns text
language sql stable
return btrim(left(
  btrim(regexp_replace(lower(extensions.unaccent('extensions.unaccent'::regdictionary, words)), '[^a-z0-9]+', '-', 'g'), '-'),
  200
), '-');
comment on function logic.slug is 'Words made fit for a URL; may be empty.';
grant execute on function logic.slug to staff;
