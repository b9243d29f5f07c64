create function logic.search_query(words text, longest_whole integer default 2) returns tsquery
language plpgsql stable set search_path = '' as $$
declare
  -- Neither quotes nor backslashes: lexemes are to be found between quotes. Then each is the beginning of a word.
  query text := regexp_replace(websearch_to_tsquery(
    'shop.words', translate(extensions.unaccent('extensions.unaccent', left(words, 200)), '''\', '  ')
  )::text, '''([^'']+)''', '''\1'':*', 'g');
  lexeme text;
  meant text;
begin
  for lexeme in select distinct f.found[1] from regexp_matches(query, '''([^'']+)''', 'g') f (found) loop
    continue when lexeme !~ '^[[:alpha:]]{4,40}$' or exists (
      select from shop.search_words w where w.word >= lexeme collate "C" and w.word < (lexeme || chr(1114111)) collate "C"
    );
    -- Nobody ever wrote a word that begins so. Near by trigrams, then nearest by letters to change, also of its beginning.
    with near as (
      select distinct w.word from (
        select w.word from shop.search_words w order by w.word operator(extensions.<->) lexeme limit 60
      ) w
    ),
    measured as (
      select n.word, least(
        extensions.levenshtein(n.word, lexeme), extensions.levenshtein(left(n.word, length(lexeme)), lexeme)
      ) as distance
      from near n
    )
    select string_agg(format('''%s'':*', m.word), ' | ') into meant from measured m
    where m.distance <= least(length(lexeme) / 2 - 1, 2) and m.distance = (select min(distance) from measured);
    query := coalesce(replace(query, format('''%s'':*', lexeme), '(' || meant || ')'), query);
  end loop;
  return regexp_replace(query, format('''([^'']{0,%s})'':\*', longest_whole), '''\1''', 'g')::tsquery;
end;
$$;
comment on function logic.search_query is
  'What somebody typed as a query: stems, without accents, each also the beginning of a word; "a phrase", or, -without. A word that no product ever had becomes the nearest that one had. Empty when nothing can be looked for; never an error.';
