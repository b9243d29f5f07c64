create function logic.search_query(words text, weights text default '') returns tsquery
language plpgsql stable set search_path = '' as $$
declare
  -- Neither quotes nor backslashes: lexemes are to be found between quotes. Then each is the beginning of a word.
  query text := regexp_replace(websearch_to_tsquery(
    'shop.words', translate(extensions.unaccent('extensions.unaccent', left(words, 200)), '''\', '  ')
  )::text, '''([^'']+)''', '''\1'':*' || weights, 'g');
  lexeme text;
  meant text[];
begin
  for lexeme in select distinct f.found[1] from regexp_matches(query, '''([^'']+)''', 'g') f (found) loop
    continue when lexeme !~ '^[[:alpha:]]{3,40}$';
    -- The words that begin so, one by one, are found several times faster than by their beginning, unless they are many.
    meant := array(
      select distinct w.word from shop.search_words w
      where w.word >= lexeme collate "C" and w.word < (lexeme || chr(1114111)) collate "C" limit 21
    );
    if meant = '{}' then
      -- Nobody ever wrote one. Near by trigrams, then nearest by letters to change, also of its beginning.
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
      select array_agg(m.word) into meant from measured m
      where m.distance <= least(length(lexeme) / 2 - 1, 2) and m.distance = (select min(distance) from measured);
    end if;
    if cardinality(meant) <= 20 then
      query := replace(query, format('''%s'':*%s', lexeme, weights), (
        select format('(%s)', string_agg(format('''%s''', m) || coalesce(':' || nullif(weights, ''), ''), ' | '))
        from unnest(meant) m
      ));
    end if;
  end loop;
  -- Of one or two letters too many words begin.
  if weights = '' then
    query := regexp_replace(query, '''([^'']{1,2})'':\*', '''\1''', 'g');
  end if;
  -- What only says what is not wanted would be answered with all the rest of the shop.
  return case when querytree(query::tsquery) = 'T' then '' else query end::tsquery;
end;
$$;
comment on function logic.search_query is
  'What somebody typed as a query: stems, without accents, each also the beginning of a word; "a phrase", or, -without. A word that no product ever had becomes the nearest that one had. With weights, such as AB, only of those parts, and from the first letter. Empty when nothing can be looked for, also when a word is only unwanted; never an error.';
